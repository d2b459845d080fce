"""Commands that write files: a starter kit, the published pages."""
