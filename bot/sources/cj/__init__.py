"""CJ's Postgres, read only: `database` implements CjDatabase.

SQL is in queries, batch_query and sql_fragments; rows turns its results into bot.domain.batch.
`schema` chooses how JSON documents are read, `rights` tries what the role should be refused.
asyncpg is imported here only. To read a further column: add it to the query, to the fact in
bot/domain/batch.py and to the grants of deploy/readonly_role.sql;
for a further key of a document, both to `schema` and to a function there.
"""
