#pragma once
#include <cblas.h>

// LAPACK's Cholesky solver, which OpenBLAS carries without a header of its own on Debian.
void dposv_(const char *uplo, const int *n, const int *nrhs, double *a, const int *lda, double *b, const int *ldb, int *info);
