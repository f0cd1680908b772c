TEXT = "the quick brown fox jumps over the lazy dog while a slow red cat sleeps on the warm mat and dreams of fish"
