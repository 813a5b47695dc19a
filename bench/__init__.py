"""What the product promises in numbers, measured. See README.md."""
