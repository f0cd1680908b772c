class Cache:
    """Gives up what was added last."""

    def __init__(self, entries):
        self.entries = entries
        self.keys = {}

    def __len__(self):
        return len(self.keys)

    def __contains__(self, key):
        return key in self.keys

    def hit(self, key):
        self.keys[key] += 1

    def add(self, key):
        if len(self.keys) == self.entries:
            self.keys.popitem()
        self.keys[key] = 1
