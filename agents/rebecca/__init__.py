"""Rebecca, the AI-agent architect: from a description of a domain to the parts of an agent for it."""
