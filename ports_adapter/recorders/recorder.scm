;;; Writes a trace: what a program in Guile computes while it trains, one JSON record a line.
;;;
;;;   (record 'trace 1 'n_head 4 'num_steps 1000 'weights weights)
;;;   (when (recorded? step) (record 'step step 'tokens tokens 'loss loss 'grads grads))
;;;   (when (recorded? step) (record 'step step 'm m 'v v 'weights weights))
;;;
;;; The first record comes before training, the second before gradients are cleared, the third
;;; after the update. Weights, gradients and moments are flat lists or vectors.

(use-modules (ice-9 match))

(define trace
  (open-output-file
   (match (getenv "MICROGPT_TRACE")
     ((or #f "") "trace.jsonl")
     (path path))))

(define (recorded? step)
  "Whether to record a step: some at the start, and some later on."
  (memv step '(0 1 2 9 10 99 100)))

(define (json value)
  "The JSON of a string, a number, or a list or vector of such values."
  (cond ((string? value) (object->string value))
        ((list? value) (string-append "[" (string-join (map json value) ",") "]"))
        ((array? value) (json (array->list value)))
        ((nan? value) "NaN")
        ((inf? value) (if (positive? value) "Infinity" "-Infinity"))
        (else (number->string (if (exact-integer? value) value (exact->inexact value))))))

(define (record . fields)
  "Write a record; its numbers read back as the same numbers."
  (define (written fields)
    (match fields
      (() '())
      ((name value . others)
       (cons (string-append "\"" (symbol->string name) "\":" (json value)) (written others)))))
  (format trace "{~a}\n" (string-join (written fields) ","))
  (force-output trace))
