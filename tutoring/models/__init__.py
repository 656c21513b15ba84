"""Chat models: any by provider string, or a small one on this machine."""
