"""Fine-tune a language model on film reviews (Hugging Face): this one measures what it uses and stops in time."""

from datasets import load_dataset
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    EarlyStoppingCallback,
    Trainer,
    TrainingArguments,
)

CHECKPOINT = "distilbert-base-uncased"

tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
model = AutoModelForSequenceClassification.from_pretrained(CHECKPOINT, num_labels=2)

reviews = load_dataset("imdb").map(lambda batch: tokenizer(batch["text"], truncation=True), batched=True)

arguments = TrainingArguments(
    output_dir="reviews",
    num_train_epochs=20,
    bf16=True,
    eval_strategy="epoch",
    save_strategy="epoch",
    load_best_model_at_end=True,
    report_to="codecarbon",
)
trainer = Trainer(
    model=model,
    args=arguments,
    train_dataset=reviews["train"],
    eval_dataset=reviews["test"],
    processing_class=tokenizer,
    callbacks=[EarlyStoppingCallback(early_stopping_patience=2)],
)
trainer.train()
