-- Which notifications stand behind an endpoint that has not proved itself: never answered, or failed when
-- last tried. They are looked through for themselves, so that the others are claimed without reading past
-- them.

ALTER TABLE notifications ADD COLUMN on_trial BIGINT NOT NULL DEFAULT 0 CHECK (on_trial IN (0, 1));

DROP INDEX notifications_due;

CREATE INDEX notifications_due ON notifications (on_trial, due_at, id, merchant_id)
    WHERE state = 'due';
