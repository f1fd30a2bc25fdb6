// The words of the flow language (DSL 1.0.3), for completion and hover help.

/** Steps: keyword, the shape it usually takes, and what it does. */
export const SNIPPETS: [string, string, string][] = [
  ["do", "do:\n  - ${step}:\n      ${}", "steps in order"],
  ["set", "set:\n  ${name}: ${value}", "make a new value"],
  ["call", "call: ${service}\nwith:\n  ${name}: ${value}", "call a service or function"],
  ["call: http", "call: http\nwith:\n  method: ${get}\n  endpoint: ${https://}", "call an address"],
  ["switch", "switch:\n  - ${case}:\n      when: ${condition}\n      then: ${step}", "branch on a condition"],
  ["for", "for:\n  each: ${item}\n  in: ${.items}\ndo:\n  - ${step}:\n      ${}", "once for each item"],
  ["fork", "fork:\n  branches:\n    - ${name}:\n        ${}", "branches side by side"],
  ["try", "try:\n  - ${step}:\n      ${}\ncatch:\n  errors:\n    with:\n      status: ${404}\n  do:\n    - ${mend}:\n        ${}", "mend what fails"],
  ["raise", "raise:\n  error:\n    type: ${validation}\n    status: ${400}\n    title: ${title}", "end with an error"],
  ["run", "run:\n  workflow:\n    namespace: ${folder}\n    name: ${service}\n    version: '1.0.0'", "run another flow"],
  ["wait", "wait:\n  milliseconds: ${100}", "pause"],
  ["emit", "emit:\n  event:\n    with:\n      source: ${https://example.com}\n      type: ${com.example.done}", "publish an event"],
];

/** Keys and what they say. */
export const KEYWORDS: Record<string, string> = {
  document: "Name, version, title and summary of the flow.",
  dsl: "The version of the flow language, '1.0.3'.",
  namespace: "The folder, as a label of letters, digits and hyphens.",
  name: "A name: of the flow, or of the workflow to run.",
  version: "A semantic version in quotes, such as '1.0.0'.",
  title: "A short name for people; of an error: what went wrong, the same each time.",
  summary: "What the flow gives, and for whom.",
  input: "What comes in: its schema, and from what of it the step works.",
  output: "What goes out: its schema, and how it is shaped.",
  schema: "A JSON Schema, under document.",
  from: "An expression or a mapping: what of the input the step works on.",
  as: "An expression or a mapping that shapes the output; in catch: the name of the error's variable.",
  export: "as: what replaces $context, which all later steps see.",
  if: "The step is skipped when this expression is not true; its input goes through.",
  then: "The step that follows: a name of the same list, continue, exit (leave the list) or end (end the flow).",
  with: "The arguments of a call, or which errors are caught.",
  when: "A condition, in jq.",
  each: "The variable of a loop's item; item when it is left out.",
  in: "An expression that gives the array to go through.",
  at: "The variable of a loop's counter; index when it is left out.",
  while: "The loop goes on as long as this is true.",
  catch: "Which errors of the tried steps are mended, and how.",
  errors: "with: the type, status, title or detail of the errors that are caught.",
  retry: "Try again: limit, delay, backoff, jitter; or the name of a policy under use.retries.",
  timeout: "after: how long it may take, such as {seconds: 5} or PT5S.",
  method: "The HTTP method.",
  endpoint: "The address; {name} takes a value of the data. With uri and authentication, or as a text.",
  headers: "The request's headers, a mapping.",
  query: "The query's parameters, a mapping.",
  body: "The request's body: a mapping goes as JSON.",
  use: "Shared parts: authentications, errors, functions, retries, timeouts, secrets; in an authentication: a connection.",
  metadata: "What tools may read; gatewright: {input: envelope, output: response} takes and gives the whole request.",
  do: "Steps in order, each with a name; each one's output is the next one's input.",
  set: "Makes a new value: a mapping whose ${ … } are evaluated, or one expression.",
  call: "Calls http, openapi, a function of use.functions, or a service by its full name, folder:service.",
  switch: "The first case whose when is true says which step follows; a case without when is for all others.",
  for: "Its do runs once for each item; each turn's output is the next one's input.",
  fork: "Branches that run at the same time; compete: the first that succeeds gives the output.",
  try: "Steps whose errors are caught.",
  raise: "Ends with an error that callers see, unless it is caught.",
  run: "Runs another flow of this server: namespace is its folder, name its service.",
  wait: "Pauses, bounded by the request's time.",
  emit: "Publishes an event (CloudEvents); the event is the output.",
};

/** Variables of expressions and what they hold. */
export const VARIABLES: Record<string, string> = {
  input: "the step's input",
  output: "the step's output, in export.as",
  context: "what was exported before",
  task: "name, definition and times of the step",
  workflow: "the flow: its definition and its raw input",
  runtime: "the server's name and version",
  secrets: "the secrets that the package declares",
  authorization: "subject, client and scopes of the caller",
};

/** Where `then` may lead beside steps. */
export const DIRECTIVES: Record<string, string> = {
  continue: "the next step",
  exit: "leave this list",
  end: "end the flow",
};
