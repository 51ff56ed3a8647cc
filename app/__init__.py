"""The service's face: settings, wiring, doors, command line and embedded servers."""
