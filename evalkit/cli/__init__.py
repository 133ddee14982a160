"""The command line: argv to Settings, errors to exit codes; one short file a command."""
