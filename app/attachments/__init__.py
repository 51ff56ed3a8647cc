"""Files that users attach to conversations: what they are, what they say, and where they lie."""
