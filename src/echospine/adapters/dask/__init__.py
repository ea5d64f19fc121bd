"""Work shared among the cores of this machine, or of a cluster, by dask.distributed."""

from echospine.adapters.dask.crowd import DaskCrowd as DaskCrowd
from echospine.adapters.dask.single import OneByOne as OneByOne
