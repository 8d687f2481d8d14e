"""Earlier declarations, as the checks of `cebd.declared` ask for them: by number, by list, by buyer."""
