"""The words of scorecards, cards and reports in English and French."""

from __future__ import annotations

from greenlint.card.language import LANGUAGES, decimal, plain, text
from greenlint.errors import ConfigError, did_you_mean

_WORDS: dict[str, tuple[str, str]] = {
    "colon": (":", " :"),
    "semicolon": (";", " ;"),
    "score_title": ("Eco-design score", "Score d'éco-conception"),
    "score": ("Score", "Score"),
    "coverage": ("coverage", "couverture"),
    "not_applicable": ("not applicable", "sans objet"),
    "not_graded": ("not graded", "non noté"),
    "low_coverage": ("less than {limit} % coverage", "moins de {limit} % de couverture"),
    "much_set_aside": ("more than {limit} % not applicable", "plus de {limit} % sans objet"),
    "other_checklist": ("{now} is not the checklist of then, {then}", "{now} n'est pas la liste d'alors, {then}"),
    "grade": ("grade", "note"),
    "scale": ("scale", "barème"),
    "checklist": ("checklist", "liste"),
    "phase": ("Phase", "Phase"),
    "item": ("Item", "Point"),
    "status": ("Status", "Statut"),
    "evidence": ("Evidence", "Preuve"),
    "where": ("Where", "Où"),
    "actions": ("What would raise the score most", "Ce qui relèverait le plus le score"),
    "points": ("points", "points"),
    "counts_as": ("counts as evidence", "compte comme preuve"),
    "notes": ("Left out", "Laissé de côté"),
    "inputs": ("Inputs", "Entrées"),
    "secondary": (
        "The same items in other lists; they count once",
        "Les mêmes points dans d'autres listes ; ils comptent une seule fois",
    ),
    "no_item": ("no item", "aucun point"),
    "ceiling": ("{best} is in reach at most", "{best} est à portée, au plus"),
    "trend": ("Since the previous scorecard", "Depuis la fiche précédente"),
    "was": ("was", "était"),
    "verified": ("verified", "vérifié"),
    "partial": ("partial", "partiel"),
    "declared": ("declared", "déclaré"),
    "failed": ("failed", "échec"),
    "unknown": ("unknown", "inconnu"),
    "n/a": ("n/a", "s.o."),
    "unseen": ("Of {count} of the {all} items nothing was seen", "De {count} points sur {all}, rien n'a été vu"),
    "proves": ("", ""),
    "indicates": ("sign", "indice"),
    "refutes": ("against", "contre"),
    "hides": ("hidden", "masqué"),
    "declares": ("declared", "déclaré"),
    "sets aside": ("not applicable", "sans objet"),
    "remarks": ("remark", "remarque"),
    "how_to_read": (
        (
            "verified earns 1, partial 0.5, declared 0.25, failed and unknown 0; n/a leaves the total. "
            "No letter below 50 % coverage or above 25 % n/a. The ceilings of the checklist put the best score at 67."
        ),
        (
            "vérifié vaut 1, partiel 0,5, déclaré 0,25, échec et inconnu 0 ; s.o. sort du total. "
            "Pas de lettre sous 50 % de couverture ou au-delà de 25 % de s.o. "
            "Les plafonds mettent le meilleur score à 67."
        ),
    ),
    "model_card": ("Model card", "Fiche de modèle"),
    "details": ("Model details", "Détails du modèle"),
    "developed_by": ("Developed by", "Développé par"),
    "contact": ("Contact", "Contact"),
    "version": ("Version", "Version"),
    "licence": ("Licence", "Licence"),
    "task": ("Task", "Tâche"),
    "base_model": ("Base model", "Modèle de base"),
    "architecture": ("Architecture", "Architecture"),
    "intended_use": ("Intended use", "Usage prévu"),
    "out_of_scope": ("Out of scope", "Usages exclus"),
    "factors": ("Factors", "Facteurs"),
    "metrics": ("Metrics and results", "Métriques et résultats"),
    "metric": ("Metric", "Métrique"),
    "value": ("Value", "Valeur"),
    "dataset": ("Data set", "Jeu de données"),
    "evaluation_data": ("Evaluation data", "Données d'évaluation"),
    "training_data": ("Training data", "Données d'entraînement"),
    "ethics": ("Ethical considerations", "Considérations éthiques"),
    "limitations": ("Limitations", "Limites"),
    "recommendations": ("Recommendations", "Recommandations"),
    "how_to_use": ("How to use", "Utilisation"),
    "footprint": ("Environmental footprint", "Empreinte environnementale"),
    "as_given": (
        "As the authors give them; greenlint does not check them.",
        "Selon les auteurs ; greenlint ne les vérifie pas.",
    ),
    "inspected": ("Inspected model", "Modèle inspecté"),
    "gaps": ("What this card does not say", "Ce que cette fiche ne dit pas"),
    "energy": ("Energy", "Énergie"),
    "carbon": ("Carbon", "Carbone"),
    "duration": ("Duration", "Durée"),
    "run": ("Run", "Exécution"),
    "tool": ("Tool", "Outil"),
    "place": ("Place", "Lieu"),
    "hardware": ("Hardware", "Matériel"),
    "source": ("Source", "Source"),
    "total": ("Total", "Total"),
    "training": ("training", "entraînement"),
    "inference": ("inference", "inférence"),
    "whole_life": (
        "Whole life with {queries} declared calls: {energy}",
        "Toute la vie avec {queries} appels déclarés : {energy}",
    ),
    "whole_life_carbon": (
        "{carbon}, that is {sci} per call ({source})",
        "{carbon}, soit {sci} par appel ({source})",
    ),
    "served": (
        "Inference measured apart: {energy} for {requests} requests",
        "Inférence mesurée à part : {energy} pour {requests} requêtes",
    ),
    "served_uncounted": (
        "Inference measured apart: {energy}, requests not counted",
        "Inférence mesurée à part : {energy}, requêtes non comptées",
    ),
    "intensity": ("Carbon intensity", "Intensité carbone"),
    "own_factor": (
        "the tracker's own factor; tables differ by up to ten times for one country",
        "facteur de l'outil de mesure ; les tables diffèrent jusqu'à dix fois pour un même pays",
    ),
    "given_factor": ("{source}, as the answers give it", "{source}, selon les réponses"),
    "old_factor": ("more than three years older than the run", "plus de trois ans avant l'exécution"),
    "measured_total": (
        (
            "Every run in the emission files counts, candidates that were not kept included; "
            "runs that left no file are not known."
        ),
        (
            "Toutes les exécutions des fichiers d'émissions comptent, y compris les candidats non retenus ; "
            "celles qui n'ont pas laissé de fichier ne sont pas connues."
        ),
    ),
    "overhead_yes": ("includes the data centre's overhead", "inclut la surconsommation du centre de données"),
    "overhead_no": ("without the data centre's overhead (PUE)", "sans la surconsommation du centre de données (PUE)"),
    "stale": (
        "The training code changed on {changed}, after the last of these runs",
        "Le code d'entraînement a changé le {changed}, après la dernière de ces exécutions",
    ),
    "untracked": (
        "No training code here starts a tracker, so these runs may be of something else",
        "Aucun code d'entraînement ne lance ici d'outil de mesure ; ces exécutions sont peut-être d'autre chose",
    ),
    "uncommitted": (
        "{file} has uncommitted changes, so whether these runs are of the present code cannot be told",
        "{file} a des modifications non validées ; impossible de dire si ces exécutions sont celles du code actuel",
    ),
    "undated": (
        "Whether these runs are of the present code cannot be told",
        "Impossible de dire si ces exécutions sont celles du code actuel",
    ),
    "sum_of": ("sum of {count} runs", "somme de {count} exécutions"),
    "not_in_it": (
        "Making the hardware, storing and moving data, and water are not in these figures.",
        "La fabrication du matériel, le stockage et le transport des données et l'eau n'y sont pas.",
    ),
    "macs": ("multiply-accumulates per inference", "multiplications-additions par inférence"),
    "parameters": ("Parameters", "Paramètres"),
    "file_size": ("File size", "Taille du fichier"),
    "weights_by_type": ("Bytes of weights by type", "Octets de poids par type"),
    "operators": ("Operators", "Opérateurs"),
    "nodes": ("nodes", "nœuds"),
    "type": ("Type", "Type"),
    "operator": ("Operator", "Opérateur"),
    "input": ("Input", "Entrée"),
    "findings": ("Findings in the graph", "Constats dans le graphe"),
    "no_findings": ("no rule found anything in the graph", "aucune règle n'a rien trouvé dans le graphe"),
    "potential": (
        "Published ranges for a conversion to lower precision or a pruned graph, not measured here",
        "Plages publiées pour une conversion en précision réduite ou un graphe élagué, non mesurées ici",
    ),
    "phases_chart": ("Score by phase, percent", "Score par phase, pour cent"),
    "energy_chart": ("Energy by run, kWh", "Énergie par exécution, kWh"),
    "steps_chart": ("Energy by epoch or task, kWh", "Énergie par époque ou tâche, kWh"),
    "mean_steps_chart": ("Mean energy by epoch or task, kWh", "Énergie moyenne par époque ou tâche, kWh"),
    "operators_chart": ("Nodes by operator", "Nœuds par opérateur"),
    "made_by": ("Made by greenlint", "Produit par greenlint"),
    "self_assessed": (
        "This is a self-assessment by a tool from files of the project. It is no audit and no label.",
        "Ceci est une auto-évaluation faite par un outil à partir des fichiers du projet, ni audit ni label.",
    ),
    "as_of": ("as of", "au"),
    "method CodeCarbon": (
        "CodeCarbon does not record whether power was measured or modelled from TDP",
        "CodeCarbon ne dit pas si la puissance a été mesurée ou modélisée d'après le TDP",
    ),
    "method CarbonTracker": ("Power was read from the devices", "La puissance a été lue sur les composants"),
    "method Eco2AI": (
        "Power of accelerators was read, that of processors modelled from TDP and load",
        "La puissance des accélérateurs a été lue, celle des processeurs modélisée d'après TDP et charge",
    ),
    "method Zeus": (
        "Energy counters of the accelerators; processors and memory are not in it",
        "Compteurs d'énergie des accélérateurs ; processeurs et mémoire n'y sont pas",
    ),
    "method Experiment Impact Tracker": (
        "Power attributed to the process, added up between samples",
        "Puissance attribuée au processus, cumulée entre les relevés",
    ),
}


class Words:
    """The words of one language, as attributes or by key."""

    def __init__(self, language: str) -> None:
        """Take a language of `LANGUAGES`; raises `ConfigError` for another one."""
        if language not in LANGUAGES:
            message = f'no words for the language "{language}"{did_you_mean(language, LANGUAGES)}; there are en and fr'
            raise ConfigError(message)
        self.language = language
        self._words = {key: text(*pair)[language] if pair[1] else "" for key, pair in _WORDS.items()}

    def __getitem__(self, key: str) -> str:
        """Return the word for a key."""
        return self._words[key]

    def __contains__(self, key: str) -> bool:
        """Whether there is a word for a key."""
        return key in _WORDS

    def all(self) -> dict[str, str]:
        """Every word by its key."""
        return dict(self._words)

    def decimal(self, value: float, sign: str = "") -> str:
        """Return a number with one decimal."""
        return decimal(value, self.language, sign)

    def number(self, value: float, digits: int = 3) -> str:
        """Return a number with some significant digits."""
        return plain(value, digits, self.language)
