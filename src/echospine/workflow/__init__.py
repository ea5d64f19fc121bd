"""Use cases: what people do with examinations, told in terms of ports. Knows no disk format, no page, no database."""
