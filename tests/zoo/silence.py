"""Those that say nothing, or say it slowly."""

from .animal import ASKED, GOODBYE, INTRODUCTION, at_words, odd_at_words, program

ANIMALS = (
    at_words("silent", "does not answer one question", "time.sleep(60)", "timeout",
             "no answer within 1.5 s: 0 bytes came", message=1.5),
    program("mute", "never says a word", "import time; time.sleep(60)", "timeout", "0 bytes came",
            decisive=INTRODUCTION, asked=(INTRODUCTION, *ASKED),
            others=dict.fromkeys(ASKED, "not run"), start=1.0),
    program("deaf-shell", "is a shell script that reads everything and answers nothing", "",
            "timeout", "0 bytes came",
            files={"port.sh": "#!/bin/sh\nwhile read -r line; do :; done\n"}, run=("./port.sh",),
            decisive=INTRODUCTION, asked=(INTRODUCTION, *ASKED),
            others=dict.fromkeys(ASKED, "not run"), start=1.0),
    at_words("late",
             "answers rightly, after its time is up; the next answer must not be taken for it",
             """
             time.sleep(2.5)
             tokenize(r)
             """,
             "timeout", "no answer within 1.5 s", message=1.5),
    at_words("drip", "sends a byte every 0.1 s and no newline: the time limit is that of the line",
             """
             while True:
                 put("{")
                 time.sleep(0.1)
             """,
             "timeout", "and no newline", message=1.0),
    at_words("unflushed", "keeps its answer in a buffer",
             """
             kept = open(os.dup(1), "w", buffering=1 << 16)
             kept.write(answer_to(r) + "\\n")
             time.sleep(60)
             """,
             "timeout", "does the port write a newline and flush", message=1.5),
    at_words("stopped", "stops itself with SIGSTOP, and cannot end by itself",
             "os.kill(os.getpid(), signal.SIGSTOP)", "timeout", "0 bytes came", message=1.0),
    at_words("spinning", "computes and computes",
             """
             while True:
                 pass
             """,
             "timeout", "0 bytes came", message=1.0),
    program("slow-starter", "takes longer to introduce itself than it may",
            "import time; time.sleep(30)", "timeout", "no answer within 0.5 s",
            decisive=INTRODUCTION, asked=(INTRODUCTION, GOODBYE), others={GOODBYE: "not run"},
            start=0.5),
    odd_at_words("thoughtful", "takes its time, within the limit",
                 """
                 time.sleep(0.6)
                 tokenize(r)
                 """),
    odd_at_words("trickle", "sends a right answer byte by byte, within the limit",
                 """
                 for char in answer_to(r) + "\\n":
                     put(char)
                     time.sleep(0.002)
                 """),
    odd_at_words("hesitant", "sends a right answer in two writes, with a long pause between them",
                 """
                 answer = answer_to(r) + "\\n"
                 put(answer[:40])
                 time.sleep(0.8)
                 put(answer[40:])
                 """),
)  # fmt: skip
