;;; A small GPT that trains for four steps and writes a trace. With the argument `wrong`, it does
;;; not scale its attention scores.

(use-modules (srfi srfi-1) (srfi srfi-9))

(load "recorder.scm")

(define wrong? (equal? (cdr (command-line)) '("wrong")))
(define documents '("emma" "olivia" "ava" "maximilian"))
(define characters "aeilmnovx")
(define bos (string-length characters))
(define n-embd 8)
(define n-head 2)
(define block-size 8)
(define num-steps 4)
(define head-dim (/ n-embd n-head))

;;; A number that remembers what it was computed from, with the slope of each.
(define-record-type <value>
  (make-value data grad parents)
  value?
  (data data set-data!)
  (grad grad set-grad!)
  (parents parents))

;;; All values, the last one first: those of a step, then the parameters.
(define tape '())

(define (value number . parents)
  (let ((node (make-value number 0.0 parents)))
    (set! tape (cons node tape))
    node))

(define (plus x y) (value (+ (data x) (data y)) (cons x 1) (cons y 1)))
(define (times x y) (value (* (data x) (data y)) (cons x (data y)) (cons y (data x))))
(define (scaled x factor) (value (* (data x) factor) (cons x factor)))
(define (power x k) (value (expt (data x) k) (cons x (* k (expt (data x) (- k 1))))))
(define (exponential x) (value (exp (data x)) (cons x (exp (data x)))))
(define (logarithm x) (value (log (data x)) (cons x (/ (data x)))))
(define (relu x) (value (max 0.0 (data x)) (cons x (if (positive? (data x)) 1 0))))

(define (sum xs)
  (apply value (apply + (map data xs)) (map (lambda (x) (cons x 1)) xs)))

(define (backward loss)
  (set-grad! loss 1.0)
  (for-each
   (lambda (node)
     (for-each
      (lambda (link)
        (let ((parent (car link)))
          (set-grad! parent (+ (grad parent) (* (cdr link) (grad node))))))
      (parents node)))
   tape))

(define (dot xs ys) (sum (map times xs ys)))
(define (add xs ys) (map plus xs ys))
(define (linear w x) (map (lambda (row) (dot row x)) w))

(define (rmsnorm x)
  (let ((inverse (power (plus (scaled (dot x x) (/ 1.0 (length x))) (value 1e-5)) -0.5)))
    (map (lambda (xi) (times xi inverse)) x)))

(define (softmax xs)
  (let* ((highest (value (- (apply max (map data xs)))))
         (exps (map (lambda (x) (exponential (plus x highest))) xs))
         (inverse (power (sum exps) -1)))
    (map (lambda (e) (times e inverse)) exps)))

(define generator (seed->random-state 42))
(define (repeat n make) (map (lambda (_) (make)) (iota n)))
(define (weight) (value (* 0.08 (random:normal generator))))
(define (matrix n-out n-in) (repeat n-out (lambda () (repeat n-in weight))))

(define wte (matrix (+ bos 1) n-embd))
(define wpe (matrix block-size n-embd))
(define lm-head (matrix (+ bos 1) n-embd))
(define wq (matrix n-embd n-embd))
(define wk (matrix n-embd n-embd))
(define wv (matrix n-embd n-embd))
(define wo (matrix n-embd n-embd))
(define fc1 (matrix (* 4 n-embd) n-embd))
(define fc2 (matrix n-embd (* 4 n-embd)))
(define of-params tape)
(define params (reverse tape))

(define (attention q keys values)
  (define (head start)
    (define (part x) (take (drop x start) head-dim))
    (define (score key)
      (scaled (dot (part q) (part key)) (if wrong? 1 (/ (sqrt head-dim)))))
    (let ((weights (softmax (map score keys))))
      (map (lambda (column) (dot weights column)) (apply map list (map part values)))))
  (append-map head (iota n-head 0 head-dim)))

(define (logits x keys values normed)
  (let* ((x (add x (linear wo (attention (linear wq normed) keys values))))
         (x (add x (linear fc2 (map relu (linear fc1 (rmsnorm x)))))))
    (linear lm-head x)))

(define (mean-loss tokens)
  (let next ((tokens tokens) (position 0) (keys '()) (values '()) (losses '()))
    (if (or (= position block-size) (null? (cdr tokens)))
        (scaled (sum losses) (/ -1.0 position))
        (let* ((x (rmsnorm (add (list-ref wte (car tokens)) (list-ref wpe position))))
               (normed (rmsnorm x))
               (keys (append keys (list (linear wk normed))))
               (values (append values (list (linear wv normed))))
               (probabilities (softmax (logits x keys values normed)))
               (loss (logarithm (list-ref probabilities (cadr tokens)))))
          (next (cdr tokens) (+ position 1) keys values (cons loss losses))))))

(define (tokenized document)
  (define (token character) (string-index characters character))
  (append (list bos) (map token (string->list document)) (list bos)))

(define m (map (const 0.0) params))
(define v (map (const 0.0) params))

(define (update! step)
  (define learning-rate (* 0.01 (- 1 (/ step num-steps))))
  (define (corrected moment beta) (/ moment (- 1 (expt beta (+ step 1)))))
  (set! m (map (lambda (mi p) (+ (* 0.85 mi) (* 0.15 (grad p)))) m params))
  (set! v (map (lambda (vi p) (+ (* 0.99 vi) (* 0.01 (grad p) (grad p)))) v params))
  (for-each
   (lambda (p mi vi)
     (set-data! p (- (data p) (/ (* learning-rate (corrected mi 0.85))
                                 (+ (sqrt (corrected vi 0.99)) 1e-8))))
     (set-grad! p 0.0))
   params m v))

(record 'trace 1 'n_layer 1 'n_embd n-embd 'n_head n-head 'block_size block-size
        'vocab characters 'num_steps num-steps 'weights (map data params))
(do ((step 0 (+ step 1))) ((= step num-steps))
  (let* ((document (list-ref documents (modulo step (length documents))))
         (tokens (tokenized document))
         (loss (mean-loss tokens)))
    (backward loss)
    (when (recorded? step)
      (record 'step step 'document document 'tokens tokens 'loss (data loss)
              'grads (map grad params)))
    (update! step)
    (when (recorded? step)
      (record 'step step 'm m 'v v 'weights (map data params)))
    (set! tape of-params)))
