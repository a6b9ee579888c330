// The menu of ready queries: a choice opens in a tab of its own, with its variables laid out to fill in.
import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { Kind, parse } from 'graphql';

const CHOOSE = '';

/** `known` holds values for variables by name, such as a sandbox player's id. */
export function ReadyQueries({ operations, known }) {
  const { addTab } = useGraphiQLActions();
  const { queryEditor, variableEditor } = useGraphiQL((state) => ({
    queryEditor: state.queryEditor,
    variableEditor: state.variableEditor,
  }));
  if (operations.length === 0) return null;

  function open(name) {
    const { query } = operations.find((operation) => operation.name === name);
    if (queryEditor.getValue().trim()) addTab();
    queryEditor.setValue(query);
    variableEditor?.setValue(variablesText(query, known));
    queryEditor.focus();
  }

  return (
    <select
      aria-label="Ready queries"
      disabled={!queryEditor}
      value={CHOOSE}
      onChange={(event) => open(event.target.value)}
    >
      <option value={CHOOSE} disabled hidden>Ready queries</option>
      {operations.map(({ name }) => <option key={name}>{name}</option>)}
    </select>
  );
}

/** What the first operation asks for and has no default: a known value, else null to be filled in. */
export function variablesText(query, known) {
  const values = variablesOf(query).map(({ variable: { name } }) => [name.value, known[name.value] ?? null]);
  return JSON.stringify(Object.fromEntries(values), null, 2);
}

function variablesOf(query) {
  try {
    const operation = parse(query).definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    return (operation?.variableDefinitions ?? []).filter((definition) => !definition.defaultValue);
  } catch {
    return []; // the editor marks what is wrong with the document
  }
}
