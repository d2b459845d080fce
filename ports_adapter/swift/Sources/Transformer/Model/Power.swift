import Foundation

/// `base` to the power of `exponent`, as the C library rounds it.
///
/// Never inlined: where the optimizer sees an exponent of -1, 0.5 or 2, it puts a quotient, a root
/// or a product in place of the call, and their last bits differ now and then.
@inline(never)
func raised(_ base: Double, to exponent: Double) -> Double {
    pow(base, exponent)
}
