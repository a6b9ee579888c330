// The page's start: workers and styles first, then the console.
import './workers.js';
import 'graphiql/style.css';
import './console.css';
import { createRoot } from 'react-dom/client';
import { Console } from './console.jsx';

createRoot(document.getElementById('root')).render(<Console />);
