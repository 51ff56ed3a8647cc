"""The Model Context Protocol: the service for MCP clients, and servers of others as tools of its specialists."""
