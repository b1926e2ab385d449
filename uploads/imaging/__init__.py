"""Pictures as pixels. The only package that imports Pillow; it knows neither Django nor the database.

``formats`` says what is offered, ``probe`` decides whether a file is taken, ``render`` makes the
files that are shown and stored, ``sandbox`` runs those two on untrusted pictures.
"""
