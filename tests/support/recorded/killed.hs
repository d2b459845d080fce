import Recorder
import System.Process (callCommand)
numbers :: [Double]
numbers = [0.1, -2e-5, 1e-300, 1e21, 1.7976931348623157e308, 0 / 0, 1 / 0, -1 / 0]
main = do
  trace <- openTrace
  record trace ["trace" .= 1, "weights" .= numbers]
  callCommand "kill -9 $PPID"
