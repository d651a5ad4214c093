"""What operators do. Each action is one call of the protocol and says exactly what it changed; no HTTP in here."""
