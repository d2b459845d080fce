(load "recorder.scm")
(define huge 1.7976931348623157e308)
(record 'trace 1 'weights (list 0.1 -2e-5 1e-300 1e21 huge (nan) (inf) (- (inf))))
(kill (getpid) SIGKILL)
