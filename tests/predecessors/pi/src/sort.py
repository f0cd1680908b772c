def sort(words):
    """Insertion sort."""
    done = []
    for word in words:
        at = 0
        while at < len(done) and done[at] < word:
            at += 1
        done.insert(at, word)
    return done
