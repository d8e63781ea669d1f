"""Train an image classifier with a loop of one's own (PyTorch)."""

import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
        )
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(64, 10)

    def forward(self, images):
        return self.head(self.dropout(self.features(images).flatten(1)))


def train_one_epoch(model, loader, optimizer, device):
    model.train()
    total = 0.0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        loss = nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss
    return total / len(loader)


def evaluate(model, loader, device):
    correct = 0
    for images, labels in loader:
        predicted = model(images.to(device)).argmax(dim=1)
        correct += (predicted == labels.to(device)).sum().item()
    return correct / len(loader.dataset)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--batch-size", type=int, default=128)
    options = parser.parse_args()

    device = torch.device("cuda")
    to_tensor = transforms.ToTensor()
    train_set = datasets.CIFAR10("data", train=True, download=True, transform=to_tensor)
    test_set = datasets.CIFAR10("data", train=False, transform=to_tensor)
    train_loader = DataLoader(train_set, batch_size=options.batch_size, shuffle=True)
    test_loader = DataLoader(test_set, batch_size=options.batch_size, num_workers=4)

    model = Classifier().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for epoch in range(options.epochs):
        loss = train_one_epoch(model, train_loader, optimizer, device)
        accuracy = evaluate(model, test_loader, device)
        print(f"epoch {epoch}: loss {loss:.4f}, accuracy {accuracy:.3f}")
    torch.save(model.state_dict(), "classifier.pt")


if __name__ == "__main__":
    main()
