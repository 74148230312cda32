"""`python -m trimtab` is `trimtab`."""

from trimtab.cli.main import app

if __name__ == "__main__":
    app(prog_name="trimtab")
