// The kinds of steps: what a new one says, and the fields of their forms.

/** One field of a step's form: which part of the step it shows, and how it is written. */
export interface Field {
  label: string;
  path: (string | number)[];
  /** text: one line that is quoted when it needs to be. plain: as typed. yaml: several lines of YAML as typed. */
  type: "text" | "plain" | "yaml" | "choice" | "tick" | "service" | "step" | "cases";
  help?: string;
  choices?: string[];
  hint?: string;
}

export interface Kind {
  label: string;
  about: string;
  body: string;
  fields: Field[];
}

const CASES = "- first:\n    when: .amount > 100\n    then: continue\n- otherwise:\n    then: continue";

/** By the name that the choice of a new step uses; a call of an address is a kind of its own there. */
export const KINDS: Record<string, Kind> = {
  set: {
    label: "Set", about: "Make a new value", body: "set:\n  name: value",
    fields: [{ label: "Value", path: ["set"], type: "yaml", help: "Names and values; ${ … } is evaluated." }],
  },
  call: {
    label: "Call a service", about: "A service of this server, or a function", body: "call: folder:service\nwith: {}",
    fields: [
      { label: "Service", path: ["call"], type: "service" },
      { label: "Arguments", path: ["with"], type: "yaml", hint: "name: ${ .name }" },
    ],
  },
  http: {
    label: "Call an address", about: "An HTTP request", body: "call: http\nwith:\n  method: get\n  endpoint: https://example.com/",
    fields: [
      { label: "Method", path: ["with", "method"], type: "choice", choices: ["get", "post", "put", "patch", "delete", "head", "options"] },
      { label: "Address", path: ["with", "endpoint"], type: "yaml", help: "{name} takes a value of the data." },
      { label: "Query", path: ["with", "query"], type: "yaml" },
      { label: "Headers", path: ["with", "headers"], type: "yaml" },
      { label: "Body", path: ["with", "body"], type: "yaml" },
      { label: "Gives", path: ["with", "output"], type: "choice", choices: ["", "content", "response", "raw"], help: "The answer's content, or the whole response." },
    ],
  },
  openapi: {
    label: "Call an OpenAPI operation", about: "An operation of a described API",
    body: "call: openapi\nwith:\n  document:\n    endpoint: https://example.com/openapi.json\n  operationId: operation\n  parameters: {}",
    fields: [
      { label: "Document", path: ["with", "document"], type: "yaml" },
      { label: "Operation", path: ["with", "operationId"], type: "text" },
      { label: "Parameters", path: ["with", "parameters"], type: "yaml" },
    ],
  },
  switch: {
    label: "Switch", about: "Branch on conditions", body: `switch:\n  ${CASES.replaceAll("\n", "\n  ")}`,
    fields: [{ label: "Cases", path: ["switch"], type: "cases", help: "The first case whose condition holds says which step follows." }],
  },
  for: {
    label: "Loop", about: "Once for each item", body: "for:\n  each: item\n  in: .items\ndo:\n  - turn:\n      set: '${ . }'",
    fields: [
      { label: "Items", path: ["for", "in"], type: "text", help: "An expression that gives an array." },
      { label: "Item's name", path: ["for", "each"], type: "text", hint: "item" },
      { label: "Counter's name", path: ["for", "at"], type: "text", hint: "index" },
      { label: "While", path: ["while"], type: "text" },
    ],
  },
  fork: {
    label: "Fork", about: "Branches at the same time",
    body: "fork:\n  branches:\n    - left:\n        set: '${ . }'\n    - right:\n        set: '${ . }'",
    fields: [{ label: "The first that succeeds wins", path: ["fork", "compete"], type: "tick" }],
  },
  try: {
    label: "Try", about: "Mend what fails",
    body: "try:\n  - attempt:\n      set: '${ . }'\ncatch:\n  as: error\n  do:\n    - mend:\n        set: '${ . }'",
    fields: [
      { label: "Catches", path: ["catch", "errors", "with"], type: "yaml", hint: "status: 404", help: "Which errors; empty: all." },
      { label: "Error's name", path: ["catch", "as"], type: "text", hint: "error" },
      { label: "Only when", path: ["catch", "when"], type: "text" },
      { label: "Retry", path: ["catch", "retry"], type: "yaml", hint: "limit: {attempt: {count: 3}}" },
    ],
  },
  raise: {
    label: "Raise", about: "End with an error", body: "raise:\n  error:\n    type: validation\n    status: 400\n    title: Say what is wrong",
    fields: [
      { label: "Status", path: ["raise", "error", "status"], type: "plain" },
      { label: "Type", path: ["raise", "error", "type"], type: "text" },
      { label: "Title", path: ["raise", "error", "title"], type: "text" },
      { label: "Detail", path: ["raise", "error", "detail"], type: "text" },
    ],
  },
  run: {
    label: "Run a flow", about: "Another service as a workflow", body: "run:\n  workflow:\n    namespace: folder\n    name: service\n    version: '1.0.0'",
    fields: [
      { label: "Folder", path: ["run", "workflow", "namespace"], type: "text" },
      { label: "Name", path: ["run", "workflow", "name"], type: "text" },
      { label: "Input", path: ["run", "workflow", "input"], type: "yaml" },
    ],
  },
  wait: {
    label: "Wait", about: "Pause for a while", body: "wait:\n  milliseconds: 100",
    fields: [{ label: "How long", path: ["wait"], type: "yaml", hint: "seconds: 1" }],
  },
  emit: {
    label: "Emit", about: "Publish an event", body: "emit:\n  event:\n    with:\n      source: https://example.com/flow\n      type: com.example.done",
    fields: [{ label: "Event", path: ["emit", "event", "with"], type: "yaml" }],
  },
  do: {
    label: "Group", about: "Steps in order, as one", body: "do:\n  - step:\n      set: '${ . }'",
    fields: [],
  },
};

/** The fields that every step has, after those of its kind. */
export const COMMON: Field[] = [
  { label: "Only if", path: ["if"], type: "text", hint: ".amount > 0", help: "Skipped when this is not true." },
  { label: "Input from", path: ["input", "from"], type: "yaml", hint: "${ .order }" },
  { label: "Output as", path: ["output", "as"], type: "yaml", hint: "${ $input + {answer: .} }" },
  { label: "Keep in the context", path: ["export", "as"], type: "yaml", hint: "${ $context + {id: .id} }" },
  { label: "Then", path: ["then"], type: "step" },
];

/** The kind of a step by what it holds. */
export function kindOf(keyword: string, called: unknown): Kind | undefined {
  return keyword === "call" && (called === "http" || called === "openapi") ? KINDS[called] : KINDS[keyword];
}
