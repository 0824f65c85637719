-- Roles with the least rights that work, for a database in which `vsearch storage init` has made the tables.
--
--   createuser --pwprompt vsearch_owner && createdb --owner vsearch_owner vsearch
--   VSEARCH_STORAGE=postgresql://vsearch_owner@HOST/vsearch vsearch storage init
--   psql --dbname vsearch --file deploy/roles.sql           as a superuser; again after `vsearch storage upgrade`
--   psql --dbname vsearch --command '\password vsearch_worker'                   and the other two likewise
--
-- Other names: psql --set reader=NAME --set worker=NAME --set researcher=NAME
--
--   reader      looks at everything: dashboard, notebook, `study list`, `study show`
--   worker      trains: writes trials, leases and checkpoints; cannot make, rename or delete a study
--   researcher  a person: makes, stops and deletes studies, and may train
--   owner       makes and changes the tables; needed for `storage init` and `storage upgrade` alone

\set ON_ERROR_STOP on
\if :{?reader} \else \set reader vsearch_reader \endif
\if :{?worker} \else \set worker vsearch_worker \endif
\if :{?researcher} \else \set researcher vsearch_researcher \endif

-- Without a password nobody logs in.
SELECT format('CREATE ROLE %I LOGIN', name)
FROM unnest(ARRAY[:'reader', :'worker', :'researcher']) AS name
WHERE name NOT IN (SELECT rolname FROM pg_roles) \gexec

BEGIN;

REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
REVOKE ALL ON SCHEMA public, vsearch FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public, vsearch FROM :"reader", :"worker", :"researcher";
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public, vsearch FROM :"reader", :"worker", :"researcher";
REVOKE ALL ON SCHEMA public, vsearch FROM :"reader", :"worker", :"researcher";
REVOKE ALL ON DATABASE :"DBNAME" FROM :"reader", :"worker", :"researcher";

GRANT CONNECT ON DATABASE :"DBNAME" TO :"reader", :"worker", :"researcher";
GRANT USAGE ON SCHEMA public, vsearch TO :"reader", :"worker", :"researcher";
GRANT SELECT ON ALL TABLES IN SCHEMA public, vsearch TO :"reader", :"worker", :"researcher";

-- What training writes: trials, but it deletes none.
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public, vsearch TO :"worker", :"researcher";
GRANT INSERT, UPDATE ON trials TO :"worker", :"researcher";
GRANT INSERT, UPDATE, DELETE ON trial_params, trial_values, trial_intermediate_values, trial_heartbeats,
    trial_user_attributes, trial_system_attributes, study_user_attributes, study_system_attributes
TO :"worker", :"researcher";
GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA vsearch TO :"worker", :"researcher";
REVOKE INSERT, UPDATE, DELETE ON vsearch.revision FROM :"worker", :"researcher";
-- Optuna locks the row of its study while it numbers a trial; to lock is to be allowed to update some column.
GRANT UPDATE (study_id) ON studies TO :"worker", :"researcher";

-- What people write.
GRANT INSERT, UPDATE, DELETE ON studies, study_directions TO :"researcher";
GRANT DELETE ON trials TO :"researcher";

COMMIT;
