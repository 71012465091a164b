"""The entry point of the command `tracer`, also as `python -m tracer`. It imports nothing before Ctrl-C is handled."""


def main() -> None:
    """Run the command. Ctrl-C while its modules are imported is one line and exit code 130 too."""
    try:
        from tracer.cli import main as run

        run()
    except KeyboardInterrupt:
        import os

        # Not sys.exit: modules that were imported in part may fail when the interpreter shuts down.
        os.write(2, b"tracer: interrupted\n")
        os._exit(130)


if __name__ == "__main__":
    main()
