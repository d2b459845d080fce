"""Runs a program on a given corpus and reads what it prints."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ports_adapter.failures import PortTimedOut, ProtocolViolated
from ports_adapter.manifest import Port
from ports_adapter.quoting import printable
from ports_adapter.unmodified_program import RunningProgram, Stream, put_input

from .printed_output import LineReader, Transcript

OnStep = Callable[[int, int | None], None]
"""Takes the last printed step, and the number of steps if it is known."""


@dataclass
class Session:
    """A program in its scratch folder, which can be run several times.

    `log` is the end of the standard error of the last run.
    """

    port: Port
    scratch: Path
    log: bytes = b""

    def run(self, corpus: bytes, until: int | None, on_step: OnStep) -> Transcript:
        """Train on a corpus and read the output.

        Args:
            corpus: the bytes of its input file.
            until: the step, as the program counts, after which it is stopped, or None.
            on_step: called after each printed step.

        Raises:
            NotStarted: its command cannot be executed.
            PortTimedOut, PortCrashed: it hangs or fails.
            ProtocolViolated: it writes too much, or nothing that can be read.
        """
        put_input(self.scratch, self.port.program.input, corpus)
        readers = {stream: LineReader(Transcript()) for stream in Stream}
        limits = self.port.timeouts
        program = RunningProgram(self.port, self.scratch)
        try:
            for stream, content in program.chunks(limits.start, limits.message):
                readers[stream].feed(content)
                transcript = readers[stream].transcript
                if transcript.losses:
                    last = next(reversed(transcript.losses.values()))
                    on_step(last.step, last.total)
                    if until is not None and transcript.last_step >= until:
                        break
        except PortTimedOut as error:
            raise PortTimedOut(f"{error}{_so_far(readers)}") from None
        finally:
            self.log = program.log
            program.close()
        for reader in readers.values():
            reader.end()
        return _the_one_with_losses(readers)


def _the_one_with_losses(readers: dict[Stream, LineReader]) -> Transcript:
    """The transcript of standard output, or of standard error if only that has losses.

    Raises:
        ProtocolViolated: neither has losses.
    """
    for stream in (Stream.OUT, Stream.LOG):
        transcript = readers[stream].transcript
        if transcript.losses or transcript.final:
            return transcript
    lines = readers[Stream.OUT].transcript.first_lines or readers[Stream.LOG].transcript.first_lines
    if not lines:
        raise ProtocolViolated("the program ended and printed nothing")
    shown = "; ".join(f"'{printable(line, 80)}'" for line in lines[:4])
    raise ProtocolViolated(
        f"no line of its output has a step and a loss, such as 'step 1 / 1000 | loss 3.3660'; "
        f"the first lines were {shown}"
    )


def _so_far(readers: dict[Stream, LineReader]) -> str:
    transcript = readers[Stream.OUT].transcript
    if transcript.losses:
        return f"; the last step it printed is {transcript.last_step}"
    if transcript.first_lines:
        return f"; it had printed '{printable(transcript.first_lines[-1], 80)}'"
    return ""
