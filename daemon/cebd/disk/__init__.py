"""Files on disks and shares: written whole, below folders that other people can write to as well, and durable."""
