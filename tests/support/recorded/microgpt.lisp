;;; A small GPT that trains for four steps and writes a trace. With the argument `wrong`, it does
;;; not scale its attention scores.

(load (merge-pathnames "recorder.lisp" *load-truename*))

(setf *read-default-float-format* 'double-float)

(defparameter *wrong-p* (equal (uiop:command-line-arguments) '("wrong")))
(defparameter *documents* '("emma" "olivia" "ava" "maximilian"))
(defparameter *characters* "aeilmnovx")
(defparameter *bos* (length *characters*))
(defparameter *n-embd* 8)
(defparameter *n-head* 2)
(defparameter *block-size* 8)
(defparameter *num-steps* 4)
(defparameter *head-dim* (/ *n-embd* *n-head*))

(defvar *tape* (make-array 0 :adjustable t :fill-pointer t)
  "All values in the order in which they are computed: the parameters, then those of a step.")

(defstruct (value (:constructor make-value (data parents)))
  "A number that remembers what it was computed from, with the slope of each."
  data (grad 0.0) parents)

(defun value (data &rest parents)
  (let ((value (make-value data parents)))
    (vector-push-extend value *tape*)
    value))

(defun data (xs) (mapcar #'value-data xs))

(defun plus (x y)
  (value (+ (value-data x) (value-data y)) (cons x 1) (cons y 1)))

(defun times (x y)
  (value (* (value-data x) (value-data y)) (cons x (value-data y)) (cons y (value-data x))))

(defun scaled (x factor)
  (value (* (value-data x) factor) (cons x factor)))

(defun power (x k)
  (value (expt (value-data x) k) (cons x (* k (expt (value-data x) (- k 1))))))

(defun exponential (x)
  (let ((e (exp (value-data x))))
    (value e (cons x e))))

(defun logarithm (x)
  (value (log (value-data x)) (cons x (/ (value-data x)))))

(defun relu (x)
  (value (max 0.0 (value-data x)) (cons x (if (plusp (value-data x)) 1 0))))

(defun sum (xs)
  (apply #'value (reduce #'+ (data xs)) (loop for x in xs collect (cons x 1))))

(defun backward (loss)
  (setf (value-grad loss) 1.0)
  (loop for index from (1- (length *tape*)) downto 0
        for node = (aref *tape* index)
        do (loop for (parent . slope) in (value-parents node)
                 do (incf (value-grad parent) (* slope (value-grad node))))))

(defun dot (xs ys) (sum (mapcar #'times xs ys)))
(defun add (xs ys) (mapcar #'plus xs ys))
(defun linear (w x) (loop for row in w collect (dot row x)))

(defun rmsnorm (x)
  (let ((inverse (power (plus (scaled (dot x x) (/ 1.0 (length x))) (value 1e-5)) -0.5)))
    (loop for xi in x collect (times xi inverse))))

(defun softmax (xs)
  (let* ((highest (value (- (reduce #'max (data xs)))))
         (exps (loop for x in xs collect (exponential (plus x highest))))
         (inverse (power (sum exps) -1)))
    (loop for e in exps collect (times e inverse))))

(defvar *seed* 42)

(defun uniform ()
  "A number above 0 and below 1, by the minimal standard generator."
  (/ (setf *seed* (mod (* *seed* 48271) 2147483647)) 2147483647.0))

(defun normal ()
  (* (sqrt (* -2 (log (uniform)))) (cos (* 2 pi (uniform)))))

(defun matrix (n-out n-in)
  (loop repeat n-out collect (loop repeat n-in collect (value (* 0.08 (normal))))))

(defvar *wte* (matrix (1+ *bos*) *n-embd*))
(defvar *wpe* (matrix *block-size* *n-embd*))
(defvar *lm-head* (matrix (1+ *bos*) *n-embd*))
(defvar *wq* (matrix *n-embd* *n-embd*))
(defvar *wk* (matrix *n-embd* *n-embd*))
(defvar *wv* (matrix *n-embd* *n-embd*))
(defvar *wo* (matrix *n-embd* *n-embd*))
(defvar *fc1* (matrix (* 4 *n-embd*) *n-embd*))
(defvar *fc2* (matrix *n-embd* (* 4 *n-embd*)))
(defvar *params* (coerce *tape* 'list))

(defun attention (q keys values)
  (loop for start below *n-embd* by *head-dim*
        append (flet ((part (x) (subseq x start (+ start *head-dim*)))
                      (scale (score) (scaled score (if *wrong-p* 1 (/ (sqrt *head-dim*))))))
                 (let ((weights (softmax (loop for key in keys
                                               collect (scale (dot (part q) (part key)))))))
                   (loop for column in (apply #'mapcar #'list (mapcar #'part values))
                         collect (dot weights column))))))

(defun mean-loss (tokens)
  (loop with keys and values and losses
        for position below *block-size*
        for (token target) on tokens while target
        do (let* ((x (rmsnorm (add (nth token *wte*) (nth position *wpe*))))
                  (normed (rmsnorm x)))
             (setf keys (append keys (list (linear *wk* normed)))
                   values (append values (list (linear *wv* normed)))
                   x (add x (linear *wo* (attention (linear *wq* normed) keys values)))
                   x (add x (linear *fc2* (mapcar #'relu (linear *fc1* (rmsnorm x)))))
                   x (logarithm (nth target (softmax (linear *lm-head* x))))
                   losses (cons x losses)))
        finally (return (scaled (sum losses) (/ -1.0 (length losses))))))

(defun tokenized (document)
  (append (list *bos*) (map 'list (lambda (c) (position c *characters*)) document) (list *bos*)))

(record :trace 1 :n-layer 1 :n-embd *n-embd* :n-head *n-head* :block-size *block-size*
        :vocab *characters* :num-steps *num-steps* :weights (data *params*))
(loop with m = (make-array (length *params*) :initial-element 0.0)
      with v = (make-array (length *params*) :initial-element 0.0)
      for step below *num-steps*
      for document = (nth (mod step (length *documents*)) *documents*)
      for tokens = (tokenized document)
      for loss = (mean-loss tokens)
      for learning-rate = (* 0.01 (- 1 (/ step *num-steps*)))
      do (backward loss)
         (when (recorded-p step)
           (record :step step :document document :tokens tokens :loss (value-data loss)
                   :grads (mapcar #'value-grad *params*)))
         (loop for p in *params* and i from 0
               for g = (value-grad p)
               do (setf (aref m i) (+ (* 0.85 (aref m i)) (* 0.15 g))
                        (aref v i) (+ (* 0.99 (aref v i)) (* 0.01 g g)))
                  (let ((m-hat (/ (aref m i) (- 1 (expt 0.85 (1+ step)))))
                        (v-hat (/ (aref v i) (- 1 (expt 0.99 (1+ step))))))
                    (decf (value-data p) (/ (* learning-rate m-hat) (+ (sqrt v-hat) 1e-8))))
                  (setf (value-grad p) 0.0))
         (when (recorded-p step)
           (record :step step :m m :v v :weights (data *params*)))
         (setf (fill-pointer *tape*) (length *params*)))
