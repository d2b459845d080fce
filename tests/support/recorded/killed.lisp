(load "recorder.lisp")
(sb-int:with-float-traps-masked (:invalid)
  (let ((infinity sb-ext:double-float-positive-infinity))
    (record :trace 1
            :weights (list 0.1d0 -2d-5 1d-300 1d21 most-positive-double-float
                           (- infinity infinity) infinity (- infinity)))))
(uiop:run-program "kill -9 $PPID")
