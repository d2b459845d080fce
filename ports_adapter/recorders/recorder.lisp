;;; Writes a trace: what a program computes while it trains, one JSON record a line.
;;;   (record :trace 1 :n-head 4 :num-steps 1000 :weights weights)
;;;   (when (recorded-p step) (record :step step :tokens tokens :loss loss :grads grads))
;;;   (when (recorded-p step) (record :step step :m m :v v :weights weights))
;;;
;;; The first record comes before training, the second before gradients are cleared, the third
;;; after the update. Weights, gradients and moments are flat lists or vectors.

(require :asdf)

(defvar *trace*
  (open (or (uiop:getenvp "MICROGPT_TRACE") "trace.jsonl")
        :direction :output :if-exists :supersede :external-format :utf-8))

(defun recorded-p (step)
  "Whether to record a step: some at the start, and some later on."
  (member step '(0 1 2 9 10 99 100)))

(defgeneric json (value)
  (:documentation "The JSON of a string, a number, or a list or vector of such values.")
  (:method ((value character))
    (if (or (char< value #\space) (find value "\"\\"))
        (format nil "\\u~4,'0x" (char-code value))
        (string value)))
  (:method ((value string)) (format nil "\"~{~a~}\"" (map 'list #'json value)))
  (:method ((value sequence)) (format nil "[~{~a~^,~}]" (map 'list #'json value)))
  (:method ((value integer)) (format nil "~d" value))
  (:method ((value float))
    (let ((*read-default-float-format* (type-of value)))
      (cond ((/= value value) "NaN")
            ((> (abs value) most-positive-double-float) (if (plusp value) "Infinity" "-Infinity"))
            (t (prin1-to-string value))))))

(defun record (&rest fields)
  "Write a record; its numbers read back as the same numbers."
  (format *trace* "{~{~s:~a~^,~}}~%"
          (loop for (name value) on fields by #'cddr
                collect (substitute #\_ #\- (string-downcase name))
                collect (json value)))
  (finish-output *trace*))
