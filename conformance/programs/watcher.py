"""What hears of the progress of judging a program, which may take minutes."""


class Watcher:
    """Hears what is being done; this one does nothing with it, others show it."""

    def running(self, about: str) -> None:
        """The program begins to train on a corpus."""

    def stepped(self, step: int, total: int | None) -> None:
        """The program has printed a step, of how many if that is known."""

    def computing(self, what: str, total: int | None = None) -> None:
        """The oracle begins to compute something, in so many parts."""

    def advanced(self) -> None:
        """The oracle has computed a part."""
