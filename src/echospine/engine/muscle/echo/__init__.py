"""How bright a muscle is, and of what texture; and when two such values may be held against each other."""

from echospine.engine.muscle.echo.comparing import Acquisition as Acquisition
from echospine.engine.muscle.echo.comparing import Conversion as Conversion
from echospine.engine.muscle.echo.comparing import Echo as Echo
from echospine.engine.muscle.echo.comparing import FatCorrection as FatCorrection
from echospine.engine.muscle.echo.comparing import ReferenceSet as ReferenceSet
from echospine.engine.muscle.echo.comparing import difference as difference
from echospine.engine.muscle.echo.comparing import z_score as z_score
from echospine.engine.muscle.echo.region import ERODE_MM as ERODE_MM
from echospine.engine.muscle.echo.region import eroded as eroded
from echospine.engine.muscle.echo.region import mean_and_doubt as mean_and_doubt
from echospine.engine.muscle.echo.texture import Grey as Grey
from echospine.engine.muscle.echo.texture import Texture as Texture
from echospine.engine.muscle.echo.texture import grey_levels as grey_levels
from echospine.engine.muscle.echo.texture import texture as texture
