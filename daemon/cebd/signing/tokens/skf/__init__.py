"""USB keys and cards through SKF, the interface of GM/T 0016."""
