"""The web: addresses, pages and errors. It knows specs and results, and nothing of tensors."""
