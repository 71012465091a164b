"""Which module defines an operation: each line is a module, the names of operations and of the functions that they implement.

A name that is missing costs the import of all modules. A test compares the table; `pytest --renew-golden` writes it anew.
"""

CONTENTS = """\
tracer.ops.families.creation empty full ones zeros
tracer.ops.families.einstein_summation einsum
tracer.ops.families.elementwise.arithmetic absolute add divide multiply negative positive power sign sqrt square subtract
tracer.ops.families.elementwise.bessel i0 i1
tracer.ops.families.elementwise.binary_digits frexp ldexp
tracer.ops.families.elementwise.comparisons equal greater greater_equal isclose isfinite isinf isnan less less_equal
tracer.ops.families.elementwise.comparisons logical_and logical_not logical_or logical_xor not_equal
tracer.ops.families.elementwise.complex_parts angle conjugate imag real real_if_close
tracer.ops.families.elementwise.division divmod floor_divide fmod modf remainder
tracer.ops.families.elementwise.exponentials exp exp2 expm1 log log10 log1p log2 logaddexp logaddexp2
tracer.ops.families.elementwise.hyperbolic arccosh arcsinh arctanh cosh sinh tanh
tracer.ops.families.elementwise.nan_handling fmax fmin nan_to_num
tracer.ops.families.elementwise.powers cbrt float_power hypot reciprocal
tracer.ops.families.elementwise.rounding ceil fix floor rint round around trunc
tracer.ops.families.elementwise.signs copysign fabs heaviside signbit
tracer.ops.families.elementwise.trigonometry arccos arcsin arctan arctan2 cos deg2rad radians rad2deg degrees sin sinc
tracer.ops.families.elementwise.trigonometry sinc_derivative tan unwrap
tracer.ops.families.fourier.one_axis fft hfft ifft ihfft irfft rfft
tracer.ops.families.fourier.several_axes fft2 fftn ifft2 ifftn irfft2 irfftn rfft2 rfftn
tracer.ops.families.fourier.shifts fftshift ifftshift
tracer.ops.families.indexing scatter take
tracer.ops.families.interpolation interp
tracer.ops.families.joining append column_stack concatenate dstack hstack stack vstack
tracer.ops.families.likes full_like ones_like zeros_like empty_like
tracer.ops.families.linalg.cholesky cholesky
tracer.ops.families.linalg.conditioning cond matrix_rank
tracer.ops.families.linalg.determinants det matrix_power slogdet
tracer.ops.families.linalg.eigenvalues eig eigh eigvals eigvalsh
tracer.ops.families.linalg.inverses inv lstsq pinv solve
tracer.ops.families.linalg.norms matrix_norm norm vector_norm
tracer.ops.families.linalg.qr qr
tracer.ops.families.linalg.singular_values svd svdvals
tracer.ops.families.linalg.tensor_equations tensorinv tensorsolve
tracer.ops.families.linear_algebra dot matmul outer
tracer.ops.families.movement.assembly block insert
tracer.ops.families.movement.axis_order flatten matrix_transpose rollaxis
tracer.ops.families.movement.choosing choose compress delete extract select take_along_axis take_at take
tracer.ops.families.movement.diagonals diag diagflat diagonal matrix_diagonal matrix_trace trace tril triu
tracer.ops.families.movement.grids atleast1d atleast_1d atleast2d atleast_2d atleast3d atleast_3d broadcast_arrays
tracer.ops.families.movement.grids linspace meshgrid
tracer.ops.families.movement.ordering argpartition argsort partition sort
tracer.ops.families.movement.padding pad
tracer.ops.families.movement.pieces array_split dsplit hsplit split unstack vsplit
tracer.ops.families.movement.repetition repeat resize tile
tracer.ops.families.movement.reversal flip fliplr flipud roll rot90
tracer.ops.families.movement.windows sliding_window_view
tracer.ops.families.polynomials polyval vander
tracer.ops.families.products.sliding convolve correlate
tracer.ops.families.products.structured cross kron multi_dot vector_cross
tracer.ops.families.products.tensors inner matvec tensordot vdot vecdot vecmat vector_outer outer
tracer.ops.families.reductions mean prod sum
tracer.ops.families.selection clip maximum minimum where
tracer.ops.families.shaping astype broadcast_to copy expand_dims item moveaxis ravel reshape squeeze stop_gradient
tracer.ops.families.shaping swapaxes transpose
tracer.ops.families.special.bessel_functions iv ive j0 j1 jv kv kn special_i0 i0 special_i1 i1 y0 y1 yv yn
tracer.ops.families.special.entropy entr rel_entr xlog1py xlogy
tracer.ops.families.special.error_functions erf erfc erfcinv erfcx erfinv log_ndtr ndtr ndtri
tracer.ops.families.special.gamma_functions beta betaln digamma gamma gammaln gammasgn rgamma zeta _zeta
tracer.ops.families.special.incomplete betainc gammainc gammaincc
tracer.ops.families.special.logistic expit log_expit logit special_expm1 expm1 special_log1p log1p
tracer.ops.families.statistical.bins bincount
tracer.ops.families.statistical.counting all any argmax argmin count_nonzero nanargmax nanargmin
tracer.ops.families.statistical.differences diff
tracer.ops.families.statistical.extremes max amax min amin ptp
tracer.ops.families.statistical.missing nancumprod nancumsum nanmax nanmean nanmin nanprod nanstd nansum nanvar
tracer.ops.families.statistical.quantiles median nanmedian nanpercentile nanquantile percentile quantile quantile_weights
tracer.ops.families.statistical.scans cumprod cumsum
tracer.ops.families.statistical.searching argwhere digitize flatnonzero nonzero searchsorted unique
tracer.ops.families.statistical.spread std var
tracer.ops.families.writing add_at write write_view
tracer.ops.movement movement_gradient
tracer.ops.numpy_call numpy_call
"""
