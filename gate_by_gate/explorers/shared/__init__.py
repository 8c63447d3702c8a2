"""What several explorers share: sample images, trained networks, costs, names."""
