"""A team's database: what speaks PostgreSQL, reached through SQLAlchemy and psycopg, which are an extra."""
