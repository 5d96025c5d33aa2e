-- Run once by the database's superuser, with psql: two roles and a database. The owner migrates; the role that serves
-- may add records and read them, and owns nothing. Its rights on tables are given by `gateway migrate`.
\set ON_ERROR_STOP on
\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD

CREATE ROLE gateway_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'owner_password';
CREATE ROLE gateway_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'app_password';
CREATE DATABASE gateway OWNER gateway_owner ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0;
REVOKE ALL ON DATABASE gateway FROM PUBLIC;
GRANT CONNECT ON DATABASE gateway TO gateway_app;

\connect gateway
ALTER SCHEMA public OWNER TO gateway_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
