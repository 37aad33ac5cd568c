"""Long tests, with a command of their own: .venv/bin/pytest -s tests/soak"""
