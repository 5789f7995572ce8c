// libnifti's header asks for <znzlib.h>, which Debian keeps in the nifti folder.
#include <nifti/znzlib.h>
