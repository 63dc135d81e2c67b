/** The name of a task type, as a part of a regular expression: it is in keys, ids, labels and process titles. */
export const TASK_TYPE = "[a-z][a-z0-9_-]{0,31}";

export const TASK_TYPE_PATTERN = new RegExp(`^${TASK_TYPE}$`);
export const TASK_TYPE_RULE = "must be a lower-case letter, then up to 31 of a-z 0-9 _ -";
