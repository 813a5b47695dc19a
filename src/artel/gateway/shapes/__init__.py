"""What goes over the wire, to the letter of docs/architecture.md."""
