// The port: answers requests from standard input on standard output.

serve(methods)
