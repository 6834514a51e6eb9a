def _n(r):
    return []


recovery = others = hillstrom = speed = _n
