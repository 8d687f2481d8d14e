"""The console: documents entered, declared and looked up in a browser. Nothing of it is loaded where it is switched off."""
