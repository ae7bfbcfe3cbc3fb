-- The notifications that an endpoint has not seen were called its news.
ALTER TABLE invocation RENAME COLUMN news_from TO unseen_from;
